# shellcheck shell=bash
# keyUsage keyEncipherment only.
# expect status untrusted
# expect auth_method smtp
# expect reasons wrong_usage
# expect layers multipart/signed
# witness no-verify openssl
text | clear_signed alice-cipher | post
