# shellcheck shell=bash
# A CA that nobody here trusts.
# expect status untrusted
# expect auth_method smtp
# expect reasons untrusted_issuer
# expect layers multipart/signed
# witness no-verify
text | clear_signed alice-foreign | post
