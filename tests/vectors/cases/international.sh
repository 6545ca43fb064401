# shellcheck shell=bash
# A SmtpUTF8Mailbox (RFC 9598) names the sender; the labels of its host stand in their other form.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed international | post 'jürgen@bücher.example'
