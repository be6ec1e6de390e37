/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * grammar_parameter - set and write of `parameter NAME VALUE` and `no parameter NAME` under a
 * model. Internal to config/language.
 */
#ifndef CONFIG_LANGUAGE_GRAMMAR_MODEL_H
#define CONFIG_LANGUAGE_GRAMMAR_MODEL_H

#include "config/language/grammar.h"

enum p7_status model_duration_set(struct grammar_call *call);
void model_duration_write(const void *object, struct grammar_text *text);
enum p7_status model_outcome_set(struct grammar_call *call);
void model_outcome_write(const void *object, struct grammar_text *text);
enum p7_status model_parameter_set(struct grammar_call *call);
enum p7_status model_no_parameter_set(struct grammar_call *call);
void model_parameter_write(const void *object, struct grammar_text *text);

#endif
