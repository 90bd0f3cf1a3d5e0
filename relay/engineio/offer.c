/*
 * offer: see offer.h.
 *
 * Room: relay/engineio.
 */
#include <strings.h>

#include "offer.h"

#define LIST_MAX 126               /* as much as lws reads of Sec-WebSocket-Protocol */

char offer_name[OFFER_NAME_MAX + 1] = "engine.io";

bool offer_waits(const struct eio_conn *c)
{
	char expect[32], version[16];

	return lws_hdr_copy(c->wsi, expect, sizeof expect, WSI_TOKEN_HTTP_EXPECT) > 0 &&
	       strcasecmp(expect, "100-continue") == 0 &&
	       lws_hdr_copy(c->wsi, version, sizeof version, WSI_TOKEN_HTTP) > 0 && strcmp(version, "HTTP/1.0") != 0;
}

int offer_continue(struct eio_conn *c)
{
	unsigned char line[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (!offer_waits(c))
		return 0;
	c->wants_close = false;
	return lws_write(c->wsi, line, sizeof line - 1, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

bool offer_protocol(const struct eio_conn *c)
{
	static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
	char list[LIST_MAX + 1];
	int n = lws_hdr_copy(c->wsi, list, sizeof list, WSI_TOKEN_PROTOCOL);
	char *name = list + (n > 0 ? strspn(list, " \t") : 0);
	size_t len = n > 0 ? strspn(name, token) : 0;
	const char *behind = name + len;

	if (n == 0)
		return true;
	/* what begins with a digit lws may take for a number */
	if (n < 0 || len == 0 || len > OFFER_NAME_MAX || (name[0] >= '0' && name[0] <= '9'))
		return false;
	behind += strspn(behind, " \t");
	if (*behind && *behind != ',')
		return false;
	memcpy(offer_name, name, len);
	offer_name[len] = '\0';
	return true;
}
