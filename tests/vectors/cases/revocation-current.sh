# shellcheck shell=bash
# A current list that does not name the signer.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# crl current
# witness verify
text | clear_signed alice | post
