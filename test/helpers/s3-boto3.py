"""What a Python program does to upload: `put PATH KEY [NOTE]`, `mirror FOLDER PREFIX` or `pipe KEY`, the endpoint first."""

import os
import sys

import boto3

endpoint, action, *words = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")

if action == "put":
    path, key, *note = words
    s3.upload_file(path, "incoming", key, ExtraArgs={"Metadata": {"note": note[0]}} if note else None)
elif action == "mirror":
    folder, prefix = words
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            s3.upload_file(path, "incoming", f"{prefix}/{os.path.relpath(path, folder)}")
elif action == "pipe":
    s3.upload_fileobj(sys.stdin.buffer, "incoming", words[0])
