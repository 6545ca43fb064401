# shellcheck shell=bash
# The signer's address without quotes before Bob's: some readers compare the first and show the second.
# expect status valid
# expect auth_method smtp
# expect reasons no_from
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post 'alice@example.org <bob@example.org>'
