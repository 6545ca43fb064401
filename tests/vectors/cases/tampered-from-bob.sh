# shellcheck shell=bash
# Cryptography comes first, whatever From says.
# expect status invalid
# expect auth_method smtp
# expect reasons digest_mismatch
# expect layers multipart/signed
# witness no-verify
text | clear_signed alice-foreign | replace Monday Tuesda | post bob@example.org
