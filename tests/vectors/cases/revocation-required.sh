# shellcheck shell=bash
# crl_check require, and the list at hand has grown stale.
# expect status untrusted
# expect auth_method smtp
# expect reasons revocation_unknown waits_for_crl
# expect layers multipart/signed
# crl stale
# crl-check require
# daemon waits
# witness no-verify openssl
text | clear_signed alice | post
