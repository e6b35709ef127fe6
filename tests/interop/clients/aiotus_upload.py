"""Uploads files with aiotus and prints the address: one as it is, several put together by the server."""

import asyncio
import contextlib
import logging
import sys

import aiotus

endpoint, name, *paths = sys.argv[1:]
logging.basicConfig(stream=sys.stderr, level=logging.INFO)


async def main() -> None:
    config = aiotus.RetryConfiguration(retry_attempts=12, max_retry_period_seconds=0.3)
    metadata = {"client": name.encode(), "filename": b"file.csv", "note": None}
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(open(path, "rb")) for path in paths]
        if len(files) == 1:
            where = await aiotus.upload(endpoint, files[0], metadata, config=config, chunksize=300_000)
        else:
            where = await aiotus.upload_multiple(endpoint, files, metadata, config=config, chunksize=300_000)
    if where is None:
        sys.exit("aiotus gave up")
    kept = await aiotus.metadata(where, config=config)
    if kept != metadata:
        sys.exit(f"the metadata came back as {kept}")
    print(where)


asyncio.run(main())
