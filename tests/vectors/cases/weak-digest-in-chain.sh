# shellcheck shell=bash
# The certificate is signed with SHA-1.
# expect status weak
# expect auth_method smtp
# expect reasons weak_digest
# expect layers multipart/signed
# witness verify
text | clear_signed alice-sha1 | post
