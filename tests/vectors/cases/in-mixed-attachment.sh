# shellcheck shell=bash
# The signed part is an attachment, under the name of a detached signature.
# expect status none
# expect auth_method smtp
# expect reasons not_whole_message
# expect layers
{ printf 'Content-Disposition: attachment; filename="smime.p7s"\r\n'; text | clear_signed alice; } | mixed 'Pay Eve.' | post
