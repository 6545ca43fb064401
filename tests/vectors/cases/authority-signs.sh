# shellcheck shell=bash
# A CA certificate as signer.
# expect status valid
# expect auth_method smtp
# expect reasons signer_is_ca
# expect layers multipart/signed
# witness verify
text | clear_signed alice-ca | post
