/* A quick Modbus TCP server to measure readers against: load_server PORTS STEP_MS STATE
 *
 * One thread, one epoll, PORTS free ports on 127.0.0.1, named in one line on the standard
 * output. Register a holds a + step, cut to 16 bits; every STEP_MS the step grows by one.
 * Function codes 1 to 4 and nothing else. STATE is mapped and always true: requests, registers,
 * connections and step as 64 bit counts, then the instants (ns since 1970) of the last 4096 steps.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define MOST_FILES 65536
#define STEPS 4096

typedef struct { uint8_t heard[4096]; int count; } connection;
typedef struct { uint64_t requests, registers, connections, step; int64_t step_ns[STEPS]; } state;

static connection *connections[MOST_FILES];
static uint8_t listening[MOST_FILES];
static uint8_t registers[65536 * 2];
static state *now_known;

static int64_t instant_ns(clockid_t which) {
    struct timespec at;
    clock_gettime(which, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static void take_step(void) {
    uint64_t step = now_known->step + 1;
    for (int i = 0; i < 65536; i++) {
        uint16_t value = (uint16_t)(i + step);
        registers[2 * i] = value >> 8;
        registers[2 * i + 1] = value & 255;
    }
    now_known->step_ns[step % STEPS] = instant_ns(CLOCK_REALTIME);
    now_known->step = step;
}

static int listen_somewhere(int epoll) {
    int one = 1, file = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (file < 0 || bind(file, (void *)&at, sizeof at) || listen(file, 64)) { perror("load_server"); exit(1); }
    getsockname(file, (void *)&at, &size);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = file};
    epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event);
    listening[file] = 1;
    return ntohs(at.sin_port);
}

static void welcome(int epoll, int listener) {
    int one = 1, file;
    while ((file = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        connections[file] = calloc(1, sizeof(connection));
        struct epoll_event event = {.events = EPOLLIN, .data.fd = file};
        epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event);
        now_known->connections++;
    }
}

/* Writes the answer to one request behind its header; returns the bytes after unit and function. */
static int answer(const uint8_t *asked, uint8_t *said) {
    int function = asked[7], first = asked[8] << 8 | asked[9], count = asked[10] << 8 | asked[11];
    int in_bits = function == 1 || function == 2, in_words = function == 3 || function == 4;
    said[7] = function;
    if (in_words && count >= 1 && count <= 125 && first + count <= 65536) {
        said[8] = 2 * count;
        memcpy(said + 9, registers + 2 * first, 2 * count);
    } else if (in_bits && count >= 1 && count <= 2000 && first + count <= 65536) {
        said[8] = (count + 7) / 8;
        memset(said + 9, now_known->step & 1 ? 0x55 : 0xaa, said[8]);
    } else {
        said[7] |= 0x80;
        said[8] = in_bits || in_words ? 2 : 1;
        return 1;
    }
    now_known->registers += count;
    return 1 + said[8];
}

static void serve(int file) {
    static uint8_t said[65536];
    connection *one = connections[file];
    int came = recv(file, one->heard + one->count, sizeof one->heard - one->count, 0);
    if (came <= 0) {
        close(file);
        free(one);
        connections[file] = NULL;
        now_known->connections--;
        return;
    }
    one->count += came;
    int taken = 0, length = 0;
    while (one->count - taken >= 12 && length < 60000) {
        const uint8_t *asked = one->heard + taken;
        memcpy(said + length, asked, 4);
        said[length + 6] = asked[6];
        int size = 2 + answer(asked, said + length);
        said[length + 4] = size >> 8;
        said[length + 5] = size & 255;
        length += 6 + size;
        taken += 12; /* every request that is answered has twelve bytes */
        now_known->requests++;
    }
    if (length && send(file, said, length, MSG_NOSIGNAL) < 0) perror("load_server");
    memmove(one->heard, one->heard + taken, one->count - taken);
    one->count -= taken;
}

int main(int argc, char **argv) {
    if (argc != 4) { fprintf(stderr, "load_server PORTS STEP_MS STATE\n"); return 2; }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int64_t step_ns = atoll(argv[2]) * 1000000LL;
    int file = open(argv[3], O_RDWR | O_CREAT, 0600);
    if (file < 0 || ftruncate(file, sizeof(state))) { perror(argv[3]); return 1; }
    now_known = mmap(NULL, sizeof(state), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (now_known == MAP_FAILED) { perror(argv[3]); return 1; }
    int epoll = epoll_create1(0);
    take_step();
    for (int i = atoi(argv[1]); i > 0; i--) printf("%d%c", listen_somewhere(epoll), i > 1 ? ' ' : '\n');
    fflush(stdout);
    struct epoll_event events[512];
    for (int64_t due_ns = instant_ns(CLOCK_MONOTONIC) + step_ns;;) {
        int64_t left_ns = due_ns - instant_ns(CLOCK_MONOTONIC);
        if (left_ns <= 0) { take_step(); due_ns += step_ns; continue; }
        int ready = epoll_wait(epoll, events, 512, (int)(left_ns / 1000000) + 1);
        for (int i = 0; i < ready; i++) {
            int one = events[i].data.fd;
            if (listening[one]) welcome(epoll, one); else serve(one);
        }
    }
}
