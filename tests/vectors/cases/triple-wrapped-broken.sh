# shellcheck shell=bash
# The outermost signature is broken.
# expect status valid
# expect auth_method smtp
# expect reasons signs_ciphertext digest_mismatch
# expect layers multipart/signed enveloped-data multipart/signed
# expect inside_encryption true
# witness no-verify
text | clear_signed alice | encrypted aes-256-cbc list | clear_signed alice | replace smime-type=enveloped smime-type=Enveloped | post
