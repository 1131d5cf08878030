// Hills from a number: the same number always gives the same view.

const WIDTH = 1440;
const HEIGHT = 640;

/** Give every hill in `svg` a new outline, and the sun a new place. */
export function draw(svg, view) {
  const random = numbers(view);
  svg.querySelectorAll(".hill").forEach((hill, depth) => {
    const outline = ridge(random, 360 + depth * 62, 70 - depth * 11);
    hill.setAttribute("d", outline);
    hill.style.d = `path("${outline}")`;
  });
  const sun = svg.querySelector(".sun");
  sun.setAttribute("cx", 1180 + random() * 110);
  sun.setAttribute("cy", 170 + random() * 120);
}

/** Scatter stars over the sky; they only show at night. */
export function sprinkle(svg, count = 90) {
  const random = numbers(7);
  svg.querySelector(".stars").innerHTML = Array.from({ length: count }, () =>
    `<circle cx="${(random() * WIDTH).toFixed()}" cy="${(random() ** 1.6 * 380).toFixed()}"
      r="${(0.5 + random() * 0.9).toFixed(1)}" opacity="${(0.2 + random() * 0.6).toFixed(2)}"/>`).join("");
}

/** One smooth line of four waves from left to right, closed along the bottom. */
function ridge(random, height, swing) {
  const level = () => Math.round(height + (random() * 2 - 1) * swing);
  let path = `M0 ${level()}C150 ${level()} 260 ${level()} 420 ${level()}`;
  for (const [pull, end] of [[720, 900], [1240, 1440]]) path += `S${pull} ${level()} ${end} ${level()}`;
  return `${path}V${HEIGHT}H0Z`;
}

/** A small repeatable source of numbers from 0 to 1 (mulberry32). */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
