# shellcheck shell=bash
# From is Bob; every other field that could name a sender names the signer, and only From counts.
# expect status valid
# expect auth_method smtp
# expect reasons signer_is_not_sender
# expect layers multipart/signed
# witness verify
{ for field in Return-Path Sender Reply-To Originator-Return-Address Apparently-To X-Apparently-To; do printf '%s: Bob Example <alice@example.org>\r\n' "$field"; done
  text | clear_signed alice; } | post bob@example.org
