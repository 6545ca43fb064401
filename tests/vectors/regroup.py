#!/usr/bin/env python3
"""A SignedData (RFC 5652 §5.1, DER on stdin) put together otherwise, as DER on stdout: the openssl command makes only sound ones.

usage: regroup.py CHANGE…
  no-signers, no-certificates   that set is empty, or left out
  first=FILE, last=FILE         the signers of another SignedData before or after its own, and its certificates; no set is sorted
  attributes-as-content         what the signer signed, his attributes, becomes the content; there are no signed attributes any more
"""
import pathlib
import sys

from der import split, tlv


class SignedData:
    def __init__(self, octets):
        (_, info), = split(octets)
        (_, self.type), (_, explicit) = split(info)
        (_, body), = split(explicit)
        self.version, self.digests, (_, inner), *rest = split(body)
        self.content_type, *self.content = split(inner)
        self.certificates = [one for tag, body in rest if tag == 0xA0 for one in split(body)]
        self.signers = split(rest[-1][1])

    def octets(self):
        certificates = [tlv(0xA0, *(tlv(*one) for one in self.certificates))] if self.certificates else []
        inner = tlv(0x30, tlv(*self.content_type), *(tlv(*one) for one in self.content))
        body = tlv(0x30, tlv(*self.version), tlv(*self.digests), inner, *certificates,
                   tlv(0x31, *(tlv(*one) for one in self.signers)))
        return tlv(0x30, tlv(0x06, self.type), tlv(0xA0, body))

    def embed(self, content):
        """What was signed beside it lies in it from now on."""
        self.content = [(0xA0, tlv(0x04, content))]

    def change(self, change):
        word, _, name = change.partition("=")
        if word == "no-signers":
            self.signers = []
        elif word == "no-certificates":
            self.certificates = []
        elif word == "attributes-as-content":
            self.put_attributes_out()
        elif word in ("first", "last"):
            other = SignedData(pathlib.Path(name).read_bytes())
            self.certificates += other.certificates
            self.signers = other.signers + self.signers if word == "first" else self.signers + other.signers
        else:
            sys.exit(f"regroup.py: no change {change}")

    def put_attributes_out(self):
        (tag, signer), = self.signers
        fields = split(signer)
        (_, attributes), = [field for field in fields if field[0] == 0xA0]
        # RFC 5652 §5.4: signed as a SET, whatever the tag they stand under.
        self.embed(tlv(0x31, attributes))
        self.signers = [(tag, b"".join(tlv(*field) for field in fields if field[0] != 0xA0))]


def main():
    data = SignedData(sys.stdin.buffer.read())
    for word in sys.argv[1:]:
        data.change(word)
    sys.stdout.buffer.write(data.octets())


if __name__ == "__main__":
    main()
