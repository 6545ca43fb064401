# shellcheck shell=bash
# A signature that asks for receipts (RFC 2634 §2) is one all the same.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice -receipt_request_all -receipt_request_to alice@example.org | post
