/*
 * upred-api: the handlers of UPRed Push behind three doors (upred-api.8).
 *
 * Room: fcgi-api. Calls settings and the doors. Under CGI the argument list belongs to whoever wrote the URL,
 * so the environment is looked at before it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "door_bus.h"
#include "door_fcgi.h"
#include "ids.h"
#include "log.h"
#include "settings.h"
#include "token.h"

#define EXIT_SETTING 2
#define TOKEN_SECONDS 3600
#define TOKEN_SECONDS_MAX (366 * 24 * 3600)

static const char usage[] =
	"usage: upred-api fcgi|bus [--env FILE]\n"
	"       upred-api --print-config|--check-config|--print-example [--env FILE]\n"
	"       upred-api make-secret | --version | --help\n"
	"       upred-api make-token CORREO [SECONDS] [--env FILE]\n"
	"\n"
	"fcgi           a pool of FastCGI workers on FCGI_SOCKET, for Apache or nginx\n"
	"bus            workers for upred-relay\n"
	"make-secret    prints a key for SECRET_KEY\n"
	"make-token     prints a token of that address for tests and demos, good for an hour or SECONDS\n"
	"As a CGI program or with a FastCGI listener on descriptor 0 it needs no arguments.\n";

/* From WHAT_PRINT on, a question that may stand behind another word: "fcgi --check-config". */
enum what {
	WHAT_NOTHING, WHAT_FCGI, WHAT_BUS, WHAT_TOKEN, WHAT_SECRET, WHAT_PRINT, WHAT_CHECK, WHAT_EXAMPLE, WHAT_VERSION,
	WHAT_HELP
};

/* Words of the command line. */
struct wanted {
	enum what what;
	const char *env_file;
	const char *correo, *seconds;  /* make-token */
};

static const struct settings *load(const char *env_file, enum what what)
{
	char why[512] = "";
	const struct settings *s;

	log_open("upred-api", "info");
	s = (what == WHAT_TOKEN ? settings_load_key : settings_load)(env_file, why, sizeof(why));
	if (!s) {
		fprintf(stderr, "upred-api: %s\n", why);
		return NULL;
	}
	log_open("upred-api", s->log_level);
	log_set_format(s->log_format);
	return s;
}

static int make_secret(void)
{
	for (int i = 0; i < 4; i++)
		printf("%016llx", (unsigned long long)ids_random64());
	putchar('\n');
	return 0;
}

/* For tests and demos; whoever has the secret can be anybody. */
static int make_token(const struct settings *s, const struct wanted *w)
{
	int64_t seconds = TOKEN_SECONDS;
	char *token;
	bool wrong = w->seconds && (ids_parse(slice_of(w->seconds), &seconds) != 0 || seconds > TOKEN_SECONDS_MAX);

	if (!w->correo || !*w->correo || wrong) {
		fputs("upred-api: make-token needs an address, and seconds up to a year if at all\n", stderr);
		return EXIT_SETTING;
	}
	token = token_make(w->correo, (int64_t)time(NULL) + seconds, s->secret);
	if (!token) {
		fputs("upred-api: SECRET_KEY: make-token needs one\n", stderr);
		return EXIT_SETTING;
	}
	puts(token);
	free(token);
	return 0;
}

static void warn_of_open_identity(const struct settings *s)
{
	if (!s->token_mode && !s->production)
		log_warn("identity", "AUTH_MODE=open: everybody is who he says; for production set UPRED_ENV "
				     "and AUTH_MODE");
}

static int open_door(enum what what, const struct settings *s)
{
	char why[512];

	/* not a wrong setting: the folder comes with the relay or the workers, and may not be there yet */
	if (settings_check_place(s, why, sizeof(why)) != 0) {
		fprintf(stderr, "upred-api: %s\n", why);
		return EXIT_FAILURE;
	}
	warn_of_open_identity(s);
	return what == WHAT_BUS ? door_bus(s) : door_fcgi(s);
}

static int run(const struct wanted *w)
{
	const struct settings *s;

	switch (w->what) {
	case WHAT_SECRET:
		return make_secret();
	case WHAT_EXAMPLE:
		settings_print_example();
		return 0;
	case WHAT_VERSION:
		puts("upred-api " UPRED_VERSION);
		return 0;
	case WHAT_HELP:
		fputs(usage, stdout);
		return 0;
	default:
		break;
	}
	s = load(w->env_file, w->what);
	if (!s)
		return EXIT_SETTING;
	if (w->what == WHAT_TOKEN)
		return make_token(s, w);
	if (w->what == WHAT_PRINT)
		settings_print();
	else if (w->what == WHAT_CHECK)
		puts("ok");
	else
		return open_door(w->what, s);
	return 0;
}

static int wrong_usage(const char *word)
{
	if (word && strcmp(word, "--env") == 0)
		fprintf(stderr, "upred-api: --env needs a file\n%s", usage);
	else
		fprintf(stderr, "upred-api: %s%s\n%s", word ? "unknown: " : "what?", word ? word : "", usage);
	return EXIT_SETTING;
}

static int from_arguments(int argc, char **argv)
{
	static const struct { const char *word; enum what what; } words[] = {
		{ "fcgi", WHAT_FCGI }, { "bus", WHAT_BUS }, { "make-token", WHAT_TOKEN },
		{ "make-secret", WHAT_SECRET }, { "--print-config", WHAT_PRINT }, { "--check-config", WHAT_CHECK },
		{ "--print-example", WHAT_EXAMPLE }, { "--version", WHAT_VERSION }, { "--help", WHAT_HELP }
	};
	const size_t count = sizeof(words) / sizeof(words[0]);
	struct wanted wanted = { .what = WHAT_NOTHING };

	for (int i = 1; i < argc; i++) {
		size_t w = 0;

		while (w < count && strcmp(argv[i], words[w].word) != 0)
			w++;
		if (w < count && (wanted.what == WHAT_NOTHING || words[w].what >= WHAT_PRINT)) {
			wanted.what = words[w].what;
		} else if (strcmp(argv[i], "--env") == 0 && i + 1 < argc) {
			wanted.env_file = argv[++i];
		} else if (wanted.what == WHAT_TOKEN && !wanted.correo && *argv[i] != '-') {
			wanted.correo = argv[i];
		} else if (wanted.what == WHAT_TOKEN && wanted.correo && !wanted.seconds) {
			wanted.seconds = argv[i];
		} else {
			return wrong_usage(argv[i]);
		}
	}
	return wanted.what == WHAT_NOTHING ? wrong_usage(NULL) : run(&wanted);
}

/* A listening socket as standard input: mod_fcgid, spawn-fcgi. FCGX_IsCGI answers this question wrongly. */
static bool listens_on_stdin(void)
{
	int yes = 0;
	socklen_t n = sizeof(yes);

	return getsockopt(0, SOL_SOCKET, SO_ACCEPTCONN, &yes, &n) == 0 && yes;
}

static int without_arguments(bool cgi)
{
	const struct settings *s = load(NULL, WHAT_FCGI);

	if (!s)
		return EXIT_SETTING;
	warn_of_open_identity(s);
	return cgi ? door_cgi(s) : door_fcgi_stdin(s);
}

int main(int argc, char **argv)
{
	bool cgi = getenv("GATEWAY_INTERFACE") && getenv("REQUEST_METHOD");
	int rc;

	log_hold_streams();
	signal(SIGPIPE, SIG_IGN);
	if (cgi || listens_on_stdin())
		rc = without_arguments(cgi);
	else
		rc = log_flush_streams("upred-api", from_arguments(argc, argv));
	settings_end();
	return rc;
}
