# shellcheck shell=bash
# The same, judged when it was valid.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# at 2025-03-01T00:00:00Z
# witness verify
text | clear_signed alice-expired | post
