/* A Modbus TCP server on libmodbus: a peer that shares no code with this project.
 *
 * libmodbus_server PORT: holds the figures of `fill`, says "ready" and answers one connection after the other until it is killed. Registers 0 to 99
 * and 16 bits of each bit table are all that it has.
 */
#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Put `words` registers so that the first holds the highest bits, then turn them about. */
static void put(uint16_t *at, uint64_t bits, int words, int order)
{
    for (int word = 0; word < words; word++) {
        int from = order & 1 ? word : words - 1 - word;
        uint16_t held = (uint16_t) (bits >> 16 * from);
        at[word] = order & 2 ? (uint16_t) (held << 8 | held >> 8) : held;
    }
}

/* Every figure in four orders, 16 registers apart: words the other way is 1, bytes is 2. */
static void fill(modbus_mapping_t *map)
{
    float single = -1234.5f;
    double twice = 6.02214076e23;
    uint32_t single_bits;
    uint64_t twice_bits;

    memcpy(&single_bits, &single, sizeof single);
    memcpy(&twice_bits, &twice, sizeof twice);
    for (int order = 0; order < 4; order++) {
        uint16_t *held = map->tab_registers + 16 * order;
        put(held, (uint16_t) -12345, 1, order);
        put(held + 1, 54321, 1, order);
        put(held + 2, (uint32_t) -1234567890, 2, order);
        put(held + 4, 4000000001u, 2, order);
        put(held + 6, single_bits, 2, order);
        put(held + 8, (uint64_t) -9007199254740991LL, 4, order);
        put(held + 12, twice_bits, 4, order);
    }
    modbus_set_float(single, map->tab_input_registers + 5); /* its own order: words the other way */
    modbus_set_bits_from_byte(map->tab_bits, 0, 0xA5);
    modbus_set_bits_from_byte(map->tab_input_bits, 3, 0x5A);
}

int main(int argc, char **argv)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    modbus_t *context = modbus_new_tcp("127.0.0.1", argc > 1 ? atoi(argv[1]) : 0);
    modbus_mapping_t *map = modbus_mapping_new(16, 16, 100, 100);
    int listener = -1;

    if (context == NULL || map == NULL || (listener = modbus_tcp_listen(context, 1)) == -1) {
        fprintf(stderr, "libmodbus_server: %s\n", modbus_strerror(errno));
        return 1;
    }
    fill(map);
    puts("ready");
    fflush(stdout);
    while (modbus_tcp_accept(context, &listener) != -1) {
        int length;
        while ((length = modbus_receive(context, query)) != -1) {
            if (length > 0 && modbus_reply(context, query, length, map) == -1)
                break;
        }
        modbus_close(context);
    }
    return 1;
}
