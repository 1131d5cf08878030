"""The site: a page for every night, and the same as JSON. `app` is what the server looks for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Flask, abort, jsonify, redirect, render_template, request, url_for

from moon import moon_of

app = Flask(__name__)


@app.get("/")
def tonight():
    """Tonight, or the day that was asked for in the form."""
    if wanted := request.args.get("day"):
        return redirect(url_for("night", day=_date(wanted).isoformat()))
    return _page(datetime.now(UTC).date())


@app.get("/on/<day>")
def night(day: str):
    return _page(_date(day))


@app.get("/api/moon")
def api():
    """`/api/moon?day=2026-12-24`: for programs, and for your own JavaScript."""
    moon = moon_of(_date(request.args.get("day", datetime.now(UTC).date().isoformat())))
    return jsonify(day=moon.day.isoformat(), name=moon.name, age=round(moon.age, 4), lit=round(moon.lit, 4))


@app.errorhandler(404)
def missing(_error):
    return render_template("page.html", moon=None), 404


def _page(day: date):
    week = [moon_of(day + timedelta(days=offset)) for offset in range(-3, 4)]
    return render_template("page.html", moon=week[3], week=week, one_day=timedelta(days=1))


def _date(text: str) -> date:
    """The date in an address. Far-away years are no nights anybody asks about."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(404)
    return day if 1900 <= day.year <= 2199 else abort(404)
