/* Names for one process, by LD_PRELOAD: `allowed.test` leads to this machine, and `rebinding.test` in turn to an address that
   nobody has (RFC 5737) and to this machine. Everything else goes to the C library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    static atomic_uint asked;
    resolver *next = (resolver *)dlsym(RTLD_NEXT, "getaddrinfo");
    if (name && !strcmp(name, "allowed.test"))
        name = "127.0.0.1";
    else if (name && !strcmp(name, "rebinding.test"))
        name = atomic_fetch_add(&asked, 1) % 2 ? "127.0.0.1" : "192.0.2.1";
    return next(name, service, hints, found);
}
