/* test_store_plain_send: test_store_send once more, against a server without INSERT … RETURNING. */
// objects: shared/buf.o shared/arena.o shared/ids.o shared/log.o shared/json_write.o fcgi-api/store/*.o
// ldflags: -Wl,--wrap=connect_returns -Wl,--wrap=mysql_get_server_info -Wl,--wrap=mysql_real_query
#include "plain.h"

#define main send_main
#include "test_store_send.c"
#undef main

int main(void)
{
	return plain_main(send_main);
}
