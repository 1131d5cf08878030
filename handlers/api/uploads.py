"""Uploads: first the list of files, then what the server lacks, then the release."""

from __future__ import annotations

from tornado.web import stream_request_body

from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.errors import DialupError
from dialup_ext.handlers import wire
from dialup_ext.handlers.api.base import UPLOAD_SECONDS, ApiHandler, BigBody, Contract
from dialup_ext.handlers.policy import Policy

FRAMES = "application/vnd.dialup.files"


@stream_request_body
class UploadsHandler(BigBody):
    """Beginning an upload."""

    policy = Policy.ACCOUNT
    scope = "deploy"
    contract = {"POST": Contract(wire.Upload, wire.NewUpload, 201)}

    async def post(self, site: str) -> None:
        """Send the list of files; the answer names the contents the server lacks."""
        await self.once(lambda: self.run_in("upload", self._begin, site))

    def _begin(self, site: str) -> object:
        wanted = self.body_of(wire.NewUpload, self.big_body())
        manifest = Manifest(FileEntry(f.path, f.size, f.sha256, f.executable) for f in wanted.files)
        return self.hub.begin_upload(self.me, site, manifest)


@stream_request_body
class UploadFilesHandler(ApiHandler):
    """Sending contents, as many as one likes per request, in frames.

    A frame is `<sha256> <size>` and a line feed, then so many bytes.
    """

    policy = Policy.ACCOUNT
    scope = "deploy"
    contract = {"POST": Contract(wire.Received, body=FRAMES)}
    problem: DialupError | None = None

    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        self.request.connection.set_max_body_size(1 << 30)  # type: ignore[union-attr]
        self.request.connection.set_body_timeout(UPLOAD_SECONDS)  # type: ignore[union-attr]
        self.writer = await self.run_in("upload", self.hub.receive_files, self.me, self.path_kwargs["upload"])

    async def data_received(self, chunk: bytes) -> None:
        if self.problem is None:
            try:
                await self.run_in("upload", self.writer.feed, chunk)
            except DialupError as error:  # raised here it would cut the connection without an answer
                self.problem = error

    async def post(self, upload: str) -> None:
        """Store contents; what is acknowledged is durable, a broken request keeps whole files."""
        if self.problem is not None:
            await self.run_in("upload", self.writer.abort)
            raise self.problem
        self.reply(await self.run_in("upload", self.writer.finish))

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if hasattr(self, "writer"):
            self.settings["dialup_pools"]["upload"].submit(self.writer.abort)


class UploadReleaseHandler(ApiHandler):
    """Ending an upload."""

    policy = Policy.ACCOUNT
    scope = "deploy"
    contract = {"POST": Contract(wire.Release, status=201)}

    async def post(self, upload: str) -> None:
        """Make the release; the same content gives the same release again."""
        self.reply(await self.run_in("upload", self.hub.finish_upload, self.me, upload))
