# shellcheck shell=bash
# HTML that paints a reader's sign of a good signature, a field that claims one, and no signature.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers
{ printf 'X-Signature-Status: valid; signer=alice@example.org\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n'
  printf '<div style="background: green; color: white">&#x1F512; Signed by alice@example.org, and the signature is valid.</div><p>Pay Eve.</p>\r\n'; } | post
