/* Ranks over MPI-3, for spinebench-mpi (`make MPI=1`). Only plain MPI-3 calls: any library will do.
 */
#ifndef SB_BASE_RANKS_MPI_H
#define SB_BASE_RANKS_MPI_H

#include "base/ranks.h"

/* Starts MPI. NULL and err where the library lacks what is needed; a failure inside MPI, here or
 * later, ends all ranks with its message. */
struct sb_ranks *sb_ranks_start_mpi(int *argc, char ***argv, struct sb_error *err);

#endif
