#!/usr/bin/env python3
"""CompressedData (RFC 3274) around stdin, as DER on stdout: Debian's openssl cannot make it."""
import sys
import zlib


def der(tag, body):
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x80 | (n := (size.bit_length() + 7) // 8)]) + size.to_bytes(n, "big")
    return bytes([tag]) + length + body


COMPRESSED = bytes.fromhex("060b2a864886f70d0109100109")  # id-ct-compressedData
ZLIB = bytes.fromhex("060b2a864886f70d0109100308")        # id-alg-zlibCompress
DATA = bytes.fromhex("06092a864886f70d010701")            # id-data
content = zlib.compress(sys.stdin.buffer.read(), 9)
encapsulated = der(0x30, DATA + der(0xA0, der(0x04, content)))
body = der(0x30, b"\x02\x01\x00" + der(0x30, ZLIB) + encapsulated)
sys.stdout.buffer.write(der(0x30, COMPRESSED + der(0xA0, body)))
