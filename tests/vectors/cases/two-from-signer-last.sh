# shellcheck shell=bash
# Two From fields: Bob, then the signer.
# expect status valid
# expect auth_method smtp
# expect reasons several_from
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post bob@example.org alice@example.org
