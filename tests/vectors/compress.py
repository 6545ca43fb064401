#!/usr/bin/env python3
"""CompressedData (RFC 3274) around stdin, as DER on stdout: Debian's openssl cannot make it."""
import sys
import zlib

from der import tlv

COMPRESSED = bytes.fromhex("060b2a864886f70d0109100109")  # id-ct-compressedData
ZLIB = bytes.fromhex("060b2a864886f70d0109100308")        # id-alg-zlibCompress
DATA = bytes.fromhex("06092a864886f70d010701")            # id-data
content = zlib.compress(sys.stdin.buffer.read(), 9)
encapsulated = tlv(0x30, DATA, tlv(0xA0, tlv(0x04, content)))
body = tlv(0x30, b"\x02\x01\x00", tlv(0x30, ZLIB), encapsulated)
sys.stdout.buffer.write(tlv(0x30, COMPRESSED, tlv(0xA0, body)))
