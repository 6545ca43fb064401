# shellcheck shell=bash
# The detached signature says that it signs no mail but something else (RFC 8551 §2.4.1: id-data).
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers multipart/signed
# witness verify
text | clear_signed alice -econtent_type 1.2.840.113549.1.9.16.1.4 | post
