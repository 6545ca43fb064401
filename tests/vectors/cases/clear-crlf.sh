# shellcheck shell=bash
# The same with CRLF line ends, as a file from SMTP may have them.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice | { header alice@example.org; cat; }
