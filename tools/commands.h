/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The commands: each function stands in its own cmd_<name>.c, is declared here
 * and has a row in the table of main.c.
 */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

struct cli;

typedef int cli_command_fn(struct cli *cli, int argc, char **argv);

cli_command_fn cmd_age;
cli_command_fn cmd_anchor;
cli_command_fn cmd_approve;
cli_command_fn cmd_audit;
cli_command_fn cmd_audit_rules;	/* audit grant, audit policy */
cli_command_fn cmd_backup;
cli_command_fn cmd_case;
cli_command_fn cmd_classify;	/* case classify */
cli_command_fn cmd_collect;
cli_command_fn cmd_erase;
cli_command_fn cmd_escrow;
cli_command_fn cmd_custodian;
cli_command_fn cmd_export;
cli_command_fn cmd_import;
cli_command_fn cmd_gaps;
cli_command_fn cmd_handover;
cli_command_fn cmd_init;
cli_command_fn cmd_key;
cli_command_fn cmd_mirror;
cli_command_fn cmd_note;
cli_command_fn cmd_parse;
cli_command_fn cmd_media;
cli_command_fn cmd_policy;
cli_command_fn cmd_posts;
cli_command_fn cmd_profile;
cli_command_fn cmd_receipt;
cli_command_fn cmd_reindex;
cli_command_fn cmd_report;
cli_command_fn cmd_retention;
cli_command_fn cmd_restore;
cli_command_fn cmd_robots;
cli_command_fn cmd_search;
cli_command_fn cmd_serve;
cli_command_fn cmd_shard;
cli_command_fn cmd_show;
cli_command_fn cmd_status;
cli_command_fn cmd_timeline;
cli_command_fn cmd_unlock;
cli_command_fn cmd_user;
cli_command_fn cmd_verify;
cli_command_fn cmd_warc;
cli_command_fn cmd_witness;

#endif
