"""DER for the makers of vectors: elements put together, and taken apart again."""


def tlv(tag, *bodies):
    body = b"".join(bodies)
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x80 | (n := (size.bit_length() + 7) // 8)]) + size.to_bytes(n, "big")
    return bytes([tag]) + length + body


def split(octets):
    """The elements that lie one after the other in `octets`: (tag, content) each."""
    found, at = [], 0
    while at < len(octets):
        more = octets[at + 1] & 0x7F if octets[at + 1] & 0x80 else 0
        start = at + 2 + more
        size = int.from_bytes(octets[at + 2:start], "big") if more else octets[at + 1]
        found.append((octets[at], octets[start:start + size]))
        at = start + size
    return found
