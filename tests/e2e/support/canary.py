"""Looks for a secret in every file below the folders: canary.py SECRET PATH…. Prints `FILE: how` for each find and ends with 1;
2 when a PATH is missing or nothing was read. SECRET is letters and digits.

Looked for as it is, as UTF-16, hex and base64 (also URL-safe, at each of the three offsets), and all of that again with line ends,
soft line ends (quoted-printable) and header folding taken out, with quoted-printable and percent escapes undone, inside
gzip and zlib streams, and in each decoded MIME leaf and header of *.eml files, leaves that are mail themselves included."""
import base64
import email
import email.header
import email.policy
import pathlib
import re
import sys
import urllib.parse
import zlib


def shapes(secret):
    """{octets: what they are}"""
    found = {}
    plain = {"text": secret.encode(), "UTF-16LE": secret.encode("utf-16-le"), "UTF-16BE": secret.encode("utf-16-be")}
    for name, octets in plain.items():
        found[octets] = name
        found[octets.hex().encode()] = f"{name} in hex"
        found[octets.hex().upper().encode()] = f"{name} in hex"
        for offset in range(3):
            # The first and last characters mix with the neighbours' bits.
            code = base64.b64encode(b"\0" * offset + octets).rstrip(b"=")[(0, 2, 3)[offset]:-1]
            found[code] = f"{name} in base64, offset {offset}"
            found[code.translate(bytes.maketrans(b"+/", b"-_"))] = f"{name} in base64url, offset {offset}"
    return found


def readings(octets):
    """The octets, and what a reader may make of them."""
    yield octets
    yield re.sub(rb"=[ \t]*\r?\n", b"", octets)
    yield re.sub(rb"\s+", b"", octets)
    if b"=" in octets:
        yield re.sub(rb"=([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), re.sub(rb"=[ \t]*\r?\n", b"", octets))
    if b"%" in octets:
        yield urllib.parse.unquote_to_bytes(octets)
    for start in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", octets):
        try:
            yield zlib.decompressobj(47).decompress(octets[start.start():], 10_000_000)
        except zlib.error:
            pass


def leaves(octets):
    message = email.message_from_bytes(octets, policy=email.policy.compat32)
    for part in message.walk():
        for _, value in part.items():
            try:
                yield str(email.header.make_header(email.header.decode_header(value))).encode("utf-8", "replace")
            except (LookupError, ValueError, UnicodeError):
                pass
        if not part.is_multipart():
            yield part.get_payload(decode=True) or b""


def finds(octets, wanted, mail):
    for source in [octets, *(leaves(octets) if mail else [])]:
        for reading in readings(source):
            for shape, name in wanted.items():
                if shape in reading:
                    yield name


def main():
    wanted, read, found = shapes(sys.argv[1]), 0, []
    for top in map(pathlib.Path, sys.argv[2:]):
        if not top.exists():
            print(f"canary: no {top}")
            return 2
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if sys.argv[1] in path.name:
                found.append(f"{path}: its name")
            if path.is_file() and not path.is_symlink():
                read += 1
                octets = path.read_bytes()
                found += [f"{path}: {name}" for name in sorted(set(finds(octets, wanted, octets[:2000].count(b":") > 2)))]
    print("\n".join(found) if found else f"canary: not in {read} files")
    return 1 if found else 0 if read else 2


sys.exit(main())
