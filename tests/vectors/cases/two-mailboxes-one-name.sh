# shellcheck shell=bash
# Two mailboxes under one name: the signer's, then Bob's.
# expect status valid
# expect auth_method smtp
# expect reasons several_from
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post 'Bob Example <alice@example.org>, Bob Example <bob@example.org>'
