# shellcheck shell=bash
# The signer named by subjectKeyIdentifier.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify openssl
text | clear_signed alice-middle -keyid -certfile "$PKI/middle.pem" | post
