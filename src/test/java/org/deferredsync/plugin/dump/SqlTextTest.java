package org.deferredsync.plugin.dump;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class SqlTextTest {
  private static SqlText of(String text) {
    return Taking.of(SqlText::new, text.getBytes(UTF_8));
  }

  @Test
  void rows_areCounted_whateverIsInThem() {
    SqlText text =
        of(
            """
            /*M!999999\\- enable the sandbox mode */\s
            -- MariaDB dump
            CREATE TABLE `a``b (` (
              `id` int(11) COMMENT 'INSERT INTO `x` VALUES (1);'
            );
            INSERT INTO `a``b (` VALUES
            (1,'it\\'s ); INSERT INTO `x` VALUES ('),
            (2,'\\\\'),(3,0x0a27);
            INSERT INTO `a``b (` VALUES (4,NULL);
            CREATE TABLE `empty` (
            );
            CREATE TABLE `with_names` (
            );
            INSERT INTO `with_names` (`V(`, `b)`) VALUES (1,'('),
            (2,')');
            DELIMITER ;;
            CREATE PROCEDURE `p`()
            INSERT INTO `empty` VALUES (1);
            CREATE TABLE `never` (i INT) ;;
            DELIMITER ;
            /*!50001 CREATE VIEW `v` AS SELECT 1 */;

            -- Dump completed
            """);

    assertThat(text.fault()).isEmpty();
    assertThat(text.tables()).isEqualTo(Map.of("a`b (", 4L, "empty", 0L, "with_names", 2L));
  }

  @Test
  void dump_withoutItsLastLine_isNotWhole() {
    String whole = "CREATE TABLE `t` (\n);\nINSERT INTO `t` VALUES (1);\n-- Dump completed\n";
    assertThat(of(whole).fault()).isEmpty();
    assertThat(of(whole.stripTrailing()).fault()).isEmpty();
    for (int length = 0; length < whole.length() - 2; length++) {
      assertThat(of(whole.substring(0, length)).fault())
          .as("%d bytes", length)
          .isEqualTo("its last line, \"-- Dump completed\", is missing");
    }
    assertThat(of("-- Dump completed\nmore\n").fault()).isNotEmpty();
    assertThat(of("INSERT INTO `t` VALUES ('\n-- Dump completed\n").fault()).isNotEmpty();
  }
}
