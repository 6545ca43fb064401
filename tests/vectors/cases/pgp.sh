# shellcheck shell=bash
# PGP/MIME is not ours.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers
text | clear_signed alice | sed 's/pkcs7-signature/pgp-signature/' | post
