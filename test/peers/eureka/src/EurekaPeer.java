import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.cloud.netflix.eureka.server.EnableEurekaServer;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;

/** A Eureka server; its settings are properties on the command line. */
@EnableAutoConfiguration
@EnableEurekaServer
public class EurekaPeer {
  public static void main(String[] arguments) {
    SpringApplication.run(EurekaPeer.class, arguments);
  }

  /** Asks for a name and a password only where they are set. */
  @Bean
  SecurityFilterChain access(HttpSecurity http) throws Exception {
    boolean isOpen = System.getProperty("spring.security.user.password") == null;
    http.csrf(csrf -> csrf.disable());
    http.authorizeHttpRequests(requests -> {
      if (isOpen) requests.anyRequest().permitAll();
      else requests.anyRequest().authenticated();
    });
    http.httpBasic(Customizer.withDefaults());
    return http.build();
  }
}
