"""Keeps the indexes of the restricted-party lists in a bucket on AWS."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from partnerdesk.adapters.lists import POINTER, NoListsError, Pointer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Store:
    """Indexes in a bucket; the pointer object is put last."""

    def __init__(self, client: "S3Client", bucket: str, *, prefix: str = "lists/") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def pointer(self) -> Pointer:
        """
        Return the pointer in use.

        :raises NoListsError: when there is none
        :raises BrokenIndexError: when it cannot be read
        :raises OSError: when S3 does not answer
        """
        return Pointer.read(self._get(POINTER).decode(errors="replace"))

    def index(self, name: str) -> memoryview:
        """
        Return the bytes of an index.

        :raises NoListsError: when there is none of this name
        :raises OSError: when S3 does not answer
        """
        return memoryview(self._get(name))

    def publish(self, content: bytes, pointer: Pointer) -> None:
        """Put the index, then the pointer; every index stays for the retention period."""
        self._put(pointer.index, content)
        self._put(POINTER, pointer.text().encode())

    def _get(self, name: str) -> bytes:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
            return answer["Body"].read()
        except self._client.exceptions.NoSuchKey as missing:
            message = f"There is no {name} among the lists."
            raise NoListsError(message) from missing
        except (ClientError, BotoCoreError) as error:
            # As from any disk that fails: whoever screens then clears nobody. Rule SCR-2.
            message = f"S3 does not answer ({type(error).__name__})."
            raise OSError(message) from error

    def _put(self, name: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content)
