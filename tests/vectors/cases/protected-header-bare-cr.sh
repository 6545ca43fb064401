# shellcheck shell=bash
# Inside an opaque signature a bare CR survives; to some readers it ends a field of the protected header, and another From begins.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers signed-data
# witness verify
{ printf 'Content-Type: text/plain; hp="clear"\r\nFrom: alice@example.org\r\nSubject: Monday\rFrom: bob@example.org\r\n\r\nHello.\r\n'; } | opaque_signed alice | post
