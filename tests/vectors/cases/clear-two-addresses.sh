# shellcheck shell=bash
# A certificate with two addresses, the second of them From in another case.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice-two | post 'aLICE@example.org'
