# shellcheck shell=bash
# A line in the preamble that begins like the delimiter: RFC 2046 lets readers open a part there (attack A27).
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers multipart/signed
# opaque none
text | clear_signed alice > "$TMP/good"
mark=$(sed -n 's/.*boundary="\([0-9a-f]*\)".*/\1/p' "$TMP/good")
sed "s/^This is a signed message\./--${mark}X\r\nContent-Type: text\/plain\r\n\r\nAnother text.\r\n&/" "$TMP/good" | post
