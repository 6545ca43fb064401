# shellcheck shell=bash
# HTML of another's that draws the signed part into itself by its Content-ID: the whole is not signed.
# expect status none
# expect auth_method smtp
# expect reasons not_whole_message
# expect layers
mark=$(boundary)
{ printf 'Content-Type: multipart/related; type="text/html"; boundary="%s"\r\n\r\n--%s\r\nContent-Type: text/html\r\n\r\n' "$mark" "$mark"
  printf '<p>Pay Eve.</p><img alt="" height="1" src="cid:%s@example.org"><iframe src="cid:%s@example.org"></iframe>\r\n--%s\r\n' "$CASE" "$CASE" "$mark"
  printf 'Content-ID: <%s@example.org>\r\n' "$CASE"
  text | clear_signed alice
  printf '\r\n--%s--\r\n' "$mark"; } | post
