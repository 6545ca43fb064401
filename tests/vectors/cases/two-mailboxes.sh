# shellcheck shell=bash
# Two mailboxes in From.
# expect status valid
# expect auth_method smtp
# expect reasons several_from
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post 'alice@example.org, mallory@example.com'
