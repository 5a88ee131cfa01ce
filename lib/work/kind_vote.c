/* kind_vote.c - the vote on projects, 票决 (定单).
 *
 * Owns:    this table. Tokens, papers and the declaration are jobs of the program (apply.h), and what the papers add
 *          up to is said by the count alone (work/vote.h).
 * Flow:    table -> command, fold, ask; table -> count */
#include <station/work/vote.h>
#include "kinds.h"

static const struct st_choice methods[] = {
	{ ST_VOTE_N_OF_M, "n_of_m", "差额选定", "so many of a longer list" },
	{ ST_VOTE_PRIORITY, "priority", "按优先次序", "in order of priority" },
	{ 0, NULL, NULL, NULL },
};

enum { REMARK = ST_F_OWN };
_Static_assert((int)REMARK + 1 == (int)ST_VOTE_F_ROUND, "ids of fields are in events for ever");

static const struct st_field_row fields[] = {
	CHOICE(ST_F_CHANNEL, "method", methods, "票决方式", "method", ST_ONCE),
	LINE(ST_F_TITLE, "title", 300, "票决名称", "title"),
	LONG(ST_F_REASON, "reason", 4000, "理由", "reason"),
	FACT(ST_VOTE_F_ROUND, "round", 120, "届次或轮次", "session or round", ST_ONCE),
	LINK(ST_VOTE_F_CANDIDATES, "candidates", KIND_project, "候选项目 (按票上次序)",
	     "candidates, in the order of the paper", ST_MANY | ST_ONCE),
	NUMBER(ST_VOTE_F_SEATS, "seats", 1, ST_VOTE_CANDIDATES_MAX, "应选项目数", "how many are to be chosen", ST_ONCE),
	NUMBER(ST_VOTE_F_DEPUTIES, "deputies", 1, ST_TOKENS_MAX, "全体代表", "all deputies", ST_ONCE),
	NUMBER(ST_VOTE_F_PRESENT, "present", 1, ST_TOKENS_MAX, "到会代表", "deputies present", ST_FILLED),
	NUMBER(ST_VOTE_F_QUORUM, "quorum", 1, ST_TOKENS_MAX, "法定到会人数 (缺省为全体三分之二)",
	       "quorum (default two thirds of all)", ST_ONCE),
	NUMBER(ST_VOTE_F_MAJORITY, "majority", 1, ST_TOKENS_MAX, "当选所需票数 (缺省为全体过半数)",
	       "votes needed (default more than half of all)", ST_ONCE),
	LINK(ST_VOTE_F_FOLLOWS, "follows", KIND_vote, "所续的票决", "the vote that it follows", ST_ONCE),
	NUMBER(ST_VOTE_F_ISSUED, "issued", 0, ST_TOKENS_MAX, "发出票", "papers given", ST_FILLED),
	NUMBER(ST_VOTE_F_RETURNED, "returned", 0, 100000, "收回票", "papers returned", ST_FILLED),
	NUMBER(ST_VOTE_F_VALID, "valid", 0, 100000, "有效票", "valid papers", ST_FILLED),
	LINK(ST_VOTE_F_ELECTED, "elected", KIND_project, "入选项目", "elected", ST_MANY | ST_FILLED),
	LINK(ST_VOTE_F_TIED, "tied", KIND_project, "得票相等待再次票决", "tied, to be voted on again",
	     ST_MANY | ST_FILLED),
	EVERY_KIND,
};

static const struct st_state_row states[] = {
	{ ST_VOTE_PREPARED, "prepared", ST_OPEN, "筹备", "prepared" },
	{ ST_VOTE_ISSUED, "issued", ST_OPEN, "已制票", "tokens issued" },
	{ ST_VOTE_OPEN, "open", ST_OPEN, "投票中", "voting" },
	{ ST_VOTE_CLOSED, "closed", ST_OPEN, "投票结束", "voting closed" },
	{ ST_VOTE_DECLARED, "declared", ST_ENDED, "已公布", "declared" },
	{ ST_VOTE_VOID, "void", ST_ENDED, "无效", "void" },
};

static const struct st_move_row moves[] = {
	MOVE(ST_VOTE_PREPARE, "prepare", FROM(0), ST_VOTE_PREPARED,
	     NEEDS(ST_F_CHANNEL, ST_F_TITLE, ST_VOTE_F_CANDIDATES, ST_VOTE_F_SEATS, ST_VOTE_F_DEPUTIES), "筹备票决",
	     "prepare a vote",
	     "--method n_of_m --title 2026年民生实事票决 --candidates NUMBER --candidates NUMBER --seats 1 --deputies 201"),
	MOVE(ST_VOTE_AGAIN, "again", FROM(0), ST_VOTE_PREPARED,
	     NEEDS(ST_F_CHANNEL, ST_F_TITLE, ST_VOTE_F_CANDIDATES, ST_VOTE_F_SEATS, ST_VOTE_F_DEPUTIES,
		   ST_VOTE_F_FOLLOWS),
	     "再次票决", "vote again on those tied",
	     "--method n_of_m --title 再次票决 --candidates NUMBER --candidates NUMBER --seats 1 --deputies 201 "
	     "--follows NUMBER"),
	MOVE_PROGRAM(ST_VOTE_ISSUE, "issue", FROM(ST_VOTE_PREPARED), ST_VOTE_ISSUED, NEEDS(ST_VOTE_F_PRESENT), "制票",
		     "issue tokens", "project tokens"),
	MOVE(ST_VOTE_START, "open", FROM(ST_VOTE_ISSUED), ST_VOTE_OPEN, NEEDS(0), "开始投票", "open the voting", ""),
	MOVE(ST_VOTE_END, "close", FROM(ST_VOTE_OPEN), ST_VOTE_CLOSED, NEEDS(0), "结束投票", "close the voting", ""),
	MOVE_PROGRAM(ST_VOTE_DECLARE, "declare", FROM(ST_VOTE_CLOSED), ST_VOTE_DECLARED, NEEDS(0), "公布结果",
		     "declare the result", "project declare"),
	MOVE(ST_VOTE_ANNUL, "void", FROM(ST_VOTE_PREPARED, ST_VOTE_ISSUED, ST_VOTE_OPEN, ST_VOTE_CLOSED), ST_VOTE_VOID,
	     NEEDS(ST_F_REASON), "宣布无效", "declare it void", "--reason 收回票数多于发出票数"),
};

static const struct st_part_of parts[] = {
	{ ST_VOTE_F_QUORUM, ST_VOTE_F_DEPUTIES, "ballot_quorum", false },
	{ ST_VOTE_F_MAJORITY, ST_VOTE_F_DEPUTIES, "ballot_majority", true },
};

_Static_assert(sizeof(moves) / sizeof(moves[0]) < 64, "moves are the bits of a word");
const struct st_kind kind_vote = {
	KIND(vote, "票决", "vote"),
	.fewer = { ST_VOTE_F_SEATS, ST_VOTE_F_CANDIDATES },
	.parts = parts,
	.part_count = sizeof(parts) / sizeof(parts[0]),
	.settled_move = ST_VOTE_START, /* no paper is given out before its token's hash is signed for */
};
