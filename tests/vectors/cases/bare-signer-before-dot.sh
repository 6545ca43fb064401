# shellcheck shell=bash
# The signer's address, a wide gap, a dot, and Bob's.
# expect status valid
# expect auth_method smtp
# expect reasons no_from
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post 'alice@example.org                     . <bob@example.org>'
