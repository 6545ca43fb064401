# shellcheck shell=bash
# The signer's certificate is left out.
# expect status untrusted
# expect auth_method smtp
# expect reasons no_signer_certificate
# expect layers multipart/signed
# witness no-verify openssl
text | clear_signed alice -nocerts | post
