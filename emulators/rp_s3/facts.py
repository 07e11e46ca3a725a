"""Facts of the S3 interface to network volumes."""

from __future__ import annotations

from emulators.facts import Fact, assumed, published

AMAZON = "docs.aws.amazon.com/AmazonS3: {}"
AMAZON_DATE = "2026-11-30"

PAGE = "storage/s3-api.mdx"
FACTS: tuple[Fact, ...] = (
    published(
        "Bucket = volume id, key = path on the volume, the same file as /runpod-volume on workers"
        " and /workspace on pods; endpoint by data centre, path-style, region = data centre.",
        PAGE,
    ),
    published("Keys of their own: access `user_...`, secret `rps_...`.", PAGE),
    published(
        "Works: Get, Head, Put (under 500 MB), Copy, DeleteObject, ListObjects and V2, ListBuckets,"
        " HeadBucket, multipart with all six operations.",
        PAGE,
    ),
    published(
        "Missing: DeleteObjects, presigned URLs, CreateBucket, GetBucketLocation, versioning, ACL,"
        " policy, tagging, encryption, lock.",
        PAGE,
    ),
    published("Parts are at most 500 MB; the least size of 5 MB is not enforced.", PAGE),
    published("Parts lie in a hidden .s3compat_uploads folder until completed or aborted.", PAGE),
    published("Empty folders are listed.", PAGE),
    published("Requests may be out of time by an hour.", PAGE),
    published(
        "Large listings may be slow, repeat a continuation token, end early with 200 or say"
        " AccessDenied; 502s want ten retries and more.",
        PAGE,
    ),
    published("A volume has a fixed size; a copy or part may fail when it is full.", PAGE),
    assumed("What is not supported answers 501 NotImplemented; a full volume 500 InternalError."),
    assumed("Bodies in aws-chunked encoding are refused; sign the body or send UNSIGNED-PAYLOAD."),
    assumed("Unfinished uploads are not listed as objects; ETags of files are their MD5."),
    Fact(
        "Buckets of other services (`dialect=AMAZON`): addresses presigned in the query hold for 7"
        " days at most, then 403 AccessDenied `Request has expired`; times may be off by 15"
        " minutes; one upload has at most 5 GB.",
        AMAZON.format("API/sigv4-query-string-auth.html, userguide/upload-objects.html"),
        AMAZON_DATE,
        "published",
    ),
    Fact(
        "There a put with `If-None-Match: *` is 412 PreconditionFailed where the object exists.",
        AMAZON.format("userguide/conditional-writes.html"),
        AMAZON_DATE,
        "published",
    ),
)
