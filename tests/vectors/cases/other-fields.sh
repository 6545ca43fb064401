# shellcheck shell=bash
# Legitimate: From is the signer's own address. The name Bob, and his address in the fields around, prove nothing of him and take nothing from her.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
{ for field in Return-Path Sender Reply-To Originator-Return-Address Apparently-To X-Apparently-To; do printf '%s: bob@example.org\r\n' "$field"; done
  text | clear_signed alice; } | post 'Bob Example <alice@example.org>'
