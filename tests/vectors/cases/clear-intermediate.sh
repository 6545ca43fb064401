# shellcheck shell=bash
# A chain of three, the intermediate in the message.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice-middle -certfile "$PKI/middle.pem" | post
