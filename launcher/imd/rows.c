#include "launcher/imd/rows.h"

#include <inttypes.h>
#include <math.h>

static const char *const names[] = {"frame", "step",      "time",          "temperature",
                                    "total", "potential", "van_der_waals", "electrostatic",
                                    "bond",  "angle",     "dihedral",      "improper"};

enum { COLUMNS = sizeof names / sizeof names[0], FIRST_ENERGY = 3, FIRST_PART = 6 };

static void begin_field(const struct rows *rows, int column)
{
    if (rows->form == ROWS_JSON)
        fprintf(rows->out, "%s\"%s\": ", column == 0 ? "{" : ", ", names[column]);
    else if (column > 0)
        fputc(',', rows->out);
}

static void print_nothing(const struct rows *rows)
{
    fputs(rows->form == ROWS_JSON ? "null" : "", rows->out);
}

static void print_integer(const struct rows *rows, int column, bool is_there, int64_t value)
{
    begin_field(rows, column);
    if (is_there)
        fprintf(rows->out, "%" PRId64, value);
    else
        print_nothing(rows);
}

/* JSON has neither infinity nor NaN: RFC 8259, 6. */
static void print_real(const struct rows *rows, int column, bool is_there, double value,
                       int digits)
{
    begin_field(rows, column);
    if (is_there && (rows->form == ROWS_CSV || isfinite(value)))
        fprintf(rows->out, "%.*g", digits, value);
    else
        print_nothing(rows);
}

void rows_begin(struct rows *rows)
{
    rows->energies = 0;
    for (int i = 0; i < COLUMNS && rows->form == ROWS_CSV; i++)
        fprintf(rows->out, "%s%s", i > 0 ? "," : "", names[i]);
    if (rows->form == ROWS_CSV)
        fputc('\n', rows->out);
}

/* In version 2 a frame may have no energies; then its step is not known either. */
void rows_print(struct rows *rows, const struct imd *imd)
{
    const float energies[] = {imd->temperature, imd->total, imd->potential};
    bool has_energies = imd->energies > rows->energies;

    print_integer(rows, 0, true, (int64_t)imd->frames - 1);
    print_integer(rows, 1, has_energies || imd->has_time, imd->step);
    print_real(rows, 2, imd->has_time, imd->time, 17);
    for (int i = FIRST_ENERGY; i < COLUMNS; i++)
        print_real(
            rows, i, has_energies,
            (double)(i < FIRST_PART ? energies[i - FIRST_ENERGY] : imd->parts[i - FIRST_PART]),
            9);
    fputs(rows->form == ROWS_JSON ? "}\n" : "\n", rows->out);
    rows->energies = imd->energies;
}
